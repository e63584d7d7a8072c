import { duration } from "../format.js";
import { usePaths } from "../hooks/usePaths.js";
import { FEED_STATES, isExport, nothingNext } from "../states.js";
import { Chakra, Fragment, h } from "../ui.js";
import { Facts } from "./Facts.js";
import { FeedActions } from "./FeedActions.js";
import { Icon } from "./Icon.js";
import { LastWork } from "./LastWork.js";
import { Paused } from "./Paused.js";
import { PageTitle } from "./PageTitle.js";
import { Problem } from "./Problem.js";
import { StateBadge } from "./StateBadge.js";
import { TextLink } from "./TextLink.js";
import { Time } from "./Time.js";
import { Watermarks } from "./Watermarks.js";

/** What a feed is and how it is, and what can be done with it. */
export function FeedHeader({ feed, query }) {
  const paths = usePaths();
  const { last, zone } = feed;
  const hasError = feed.state === "failed" && last?.error_code;
  return h(
    Fragment,
    null,
    h(
      PageTitle,
      {
        icon: isExport(feed) ? "events" : feed.direction && "audience",
        title: feed.feed,
        badges: h(Fragment, null, h(StateBadge, { state: feed.state, of: FEED_STATES }), h(Paused, { feed })),
        note: feed.description,
        query,
      },
      h(FeedActions, { feed, onDone: query.reload }),
    ),
    feed.direction && h(Facts, {
      mt: 3,
      facts: [
        ["Last", last && h(LastWork, { feed })],
        ["Lag", duration(feed.lag_seconds)],
        ["Next expected", h(Time, { at: feed.next_expected, empty: nothingNext(feed) })],
        ["Schedule (UTC)", feed.schedule ? h(Chakra.Code, { size: "sm" }, feed.schedule) : "none"],
        ["Landing zone", zone && h(Chakra.Text, { overflowWrap: "anywhere" }, zoneText(zone))],
        ["Owner", feed.owner],
        !paths.isTab && feed.dag_id && ["Dag", h(TextLink, { to: paths.dag(feed.dag_id) }, feed.dag_id)],
      ].filter(Boolean),
    }),
    feed.problem && h(Problem, { code: feed.problem_code, message: feed.problem, nextStep: feed.state === "broken" ? "Correct the feed file, then check it with: cdp feeds lint" : undefined, mt: 3 }),
    hasError &&
      h(
        Problem,
        { code: last.error_code, message: last.error_message, mt: 3 },
        h(
          TextLink,
          { to: last.kind === "window" ? paths.window(last.id) : paths.run(last.id), display: "inline-flex", gap: 1, alignItems: "center" },
          `Look at ${last.kind} ${last.id}`,
          h(Icon, { name: "arrowRight", boxSize: 3 }),
        ),
      ),
    isExport(feed) && feed.state !== "broken" && h(Watermarks, { feed: feed.feed }),
  );
}

const zoneText = ({ url, prefix }) => (url?.endsWith(prefix ?? "") ? url : `${url}/${prefix ?? ""}`);

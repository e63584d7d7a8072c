import { Chakra, h } from "../ui.js";
import { Nothing } from "./Nothing.js";

/** What a new installation shows. */
export const NoFeeds = () =>
  h(
    Nothing,
    { title: "No feeds yet", mt: 6 },
    h(
      Chakra.Stack,
      { gap: 2, align: "center" },
      h("span", null, "A feed is one file in include/feeds/. Write the first one with"),
      h(Chakra.Code, { size: "md" }, "cdp feeds new --direction audience_import my_audience"),
      h("span", null, "then check it with"),
      h(Chakra.Code, { size: "md" }, "cdp feeds lint"),
      h("span", null, "Its Dag appears within a minute, and here with it. If there are feeds that you don't see, you may not read their Dags."),
    ),
  );

import { apiUrl } from "../api.js";
import { useQuery } from "../hooks/useQuery.js";
import { Chakra, h } from "../ui.js";
import { Icon } from "./Icon.js";
import { OuterLink } from "./TextLink.js";

/** What went wrong: the code with its page, the message, and what to do. A `title` takes the place of the code's. */
export function Problem({ code, title, message, nextStep, status = "error", onRetry, children, ...style }) {
  const { data: page } = useQuery(code ? apiUrl(`errors/${encodeURIComponent(code)}`) : null, { live: false });
  const heading = title ?? page?.title;
  const step = nextStep ?? page?.next_step;
  return h(
    Chakra.Alert.Root,
    { status, variant: "surface", alignItems: "flex-start", ...style },
    h(Chakra.Alert.Indicator),
    h(
      Chakra.Alert.Content,
      { minW: 0, gap: 1 },
      h(
        Chakra.Alert.Title,
        { display: "flex", gap: 2, flexWrap: "wrap" },
        code && h(ErrorCode, { code, url: page?.url }),
        heading,
      ),
      message && h(Chakra.Text, { fontSize: "sm", whiteSpace: "pre-wrap", overflowWrap: "anywhere" }, withoutCode(message, code)),
      step && h(NextStep, { step }),
      !nextStep && h(MoreSteps, { steps: page?.steps?.slice(1) }),
      children,
    ),
    onRetry &&
      h(
        Chakra.Button,
        { size: "sm", variant: "outline", onClick: onRetry, alignSelf: "center" },
        h(Icon, { name: "refresh" }),
        "Try again",
      ),
  );
}

// The text of an error begins with its code, which the title has already.
const withoutCode = (message, code) => (code && message.startsWith(`${code} `) ? message.slice(code.length + 1) : message);

const NextStep = ({ step }) =>
  h(Chakra.Text, { fontSize: "sm" }, h(Chakra.Text, { as: "b", fontWeight: "semibold" }, "Next step: "), step);

/** What to do if the first step does not help. */
function MoreSteps({ steps = [] }) {
  if (!steps.length) return null;
  return h(
    Chakra.Box,
    { as: "details", fontSize: "sm" },
    h(Chakra.Box, { as: "summary", cursor: "pointer", w: "fit-content" }, `And then (${steps.length})`),
    h(Chakra.List.Root, { ps: 5, mt: 1, gap: 1 }, steps.map((step) => h(Chakra.List.Item, { key: step }, step))),
  );
}

/** A code, linked to the page that explains it where there is one. */
export function ErrorCode({ code, url }) {
  if (!url) return h(Chakra.Text, { as: "span", fontFamily: "mono" }, code);
  return h(OuterLink, { href: url, color: "inherit", textDecoration: "underline", fontFamily: "mono" }, code);
}

/** The error of a query, instead of or above what it would show. */
export function QueryProblem({ query, what }) {
  if (!query.error) return null;
  const { code, message, nextStep } = query.error;
  if (query.data) {
    return h(Problem, { status: "warning", mb: 3, onRetry: query.reload, title: `${what} is not up to date`, message, nextStep });
  }
  return h(Problem, { code, title: code ? undefined : `${what} could not be loaded`, message, nextStep, onRetry: query.reload, my: 4 });
}

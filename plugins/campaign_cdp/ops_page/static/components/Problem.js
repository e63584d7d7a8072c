import { apiUrl } from "../api.js";
import { useQuery } from "../hooks/useQuery.js";
import { Chakra, h } from "../ui.js";
import { Icon } from "./Icon.js";
import { OuterLink } from "./TextLink.js";

/** What went wrong: the code with its page, the message, and the next step. */
export function Problem({ code, message, nextStep, status = "error", onRetry, children, ...style }) {
  const { data: page } = useQuery(code ? apiUrl(`errors/${encodeURIComponent(code)}`) : null, { live: false });
  const title = page?.title ?? (code ? null : "This could not be loaded");
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
        title,
      ),
      message && h(Chakra.Text, { fontSize: "sm", whiteSpace: "pre-wrap", overflowWrap: "anywhere" }, message),
      step &&
        h(Chakra.Text, { fontSize: "sm" }, h(Chakra.Text, { as: "b", fontWeight: "semibold" }, "Next step: "), step),
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
    return h(Problem, { status: "warning", mb: 3, onRetry: query.reload, message: `${what} is not up to date. ${message}`, nextStep });
  }
  return h(Problem, { code, message, nextStep, onRetry: query.reload });
}

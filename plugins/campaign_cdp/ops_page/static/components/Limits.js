import { apiUrl } from "../api.js";
import { useQuery } from "../hooks/useQuery.js";
import { Chakra, h, useState } from "../ui.js";
import { Gauge } from "./Gauge.js";
import { Problem, QueryProblem } from "./Problem.js";
import { Section } from "./Section.js";

/** The limits of the contract, the fullest first; those without a figure of the contract only on demand. */
export function Limits() {
  const query = useQuery(apiUrl("limits"));
  const [isOpen, setOpen] = useState(false);
  if (!query.data) {
    return h(
      Section,
      { title: "Contract limits", mt: 0 },
      query.error ? h(QueryProblem, { query, what: "The limits" }) : h(Chakra.Skeleton, { h: "112px" }),
    );
  }
  const limits = query.data.limits.toSorted((one, other) => fullness(other) - fullness(one));
  const set = limits.filter(({ contract }) => contract);
  const recorded = limits.filter(({ contract }) => !contract);
  const controls = recorded.length > 0 && h(
    Chakra.Button,
    { size: "xs", variant: "ghost", "aria-expanded": isOpen, onClick: () => setOpen(!isOpen) },
    isOpen ? "Hide what is only recorded" : `${recorded.length} more only recorded`,
  );
  return h(
    Section,
    { title: "Contract limits", mt: 0, controls },
    h(QueryProblem, { query, what: "The limits" }),
    Object.entries(query.data.problems).map(([campaign, message]) =>
      h(Problem, { key: campaign, status: "warning", mb: 3, title: `The limits of ${campaign} are unknown`, message }),
    ),
    limits.length === 0 && !Object.keys(query.data.problems).length && h(Chakra.Text, { color: "fg.muted", fontSize: "sm" }, "No readings yet: the Dag contract_limits makes them every hour."),
    h(
      Chakra.Grid,
      { alignItems: "stretch", templateColumns: "repeat(auto-fill, minmax(240px, 1fr))", gap: 3 },
      (isOpen ? [...set, ...recorded] : set).map((reading) =>
        h(Gauge, { key: `${reading.limit} ${reading.scope}`, reading }),
      ),
    ),
  );
}

const fullness = ({ contract, projected }) => (contract ? projected / contract : -1);

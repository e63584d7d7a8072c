import { useEffect, useLocation, useRef } from "../ui.js";

/** Scroll to the part of a view that the URL names: it comes after the page, so that the browser cannot do it. */
export function useAnchor(name) {
  const place = useRef(null);
  const { hash } = useLocation();
  useEffect(() => {
    if (name && hash === `#${name}`) place.current?.scrollIntoView({ block: "start" });
  }, [name, hash]);
  return place;
}

// What Airflow's UI shares with its plugins. Taken from here only, so that a renamed global is one edit.
export const React = globalThis.React;
export const Chakra = globalThis.ChakraUI;
export const { Link: RouterLink, Route, Routes, useLocation, useParams } =
  globalThis.ReactRouterDOM;
export const { createElement: h, Fragment, useCallback, useEffect, useId, useMemo, useRef, useState } = React;

import { useRef } from 'preact/hooks';

/** A sentence for a live region: while `moving`, only the first of each `about` is said, and not every number that changes. */
export function useSpoken(sentence: string, about: string, moving: boolean): string {
  const said = useRef({ about, sentence });
  if (!moving || said.current.about !== about) said.current = { about, sentence };
  return said.current.sentence;
}

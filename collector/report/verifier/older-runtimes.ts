/**
 * What shared code uses and Node 20 or a browser of some years ago lacks. The build puts it in
 * front of everything else.
 */

/** ES2024; Node 21, Chrome 117, Firefox 119. */
Map.groupBy ??= function groupBy<K, T>(
  items: Iterable<T>,
  keyOf: (item: T, index: number) => K,
): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
    index += 1;
  }
  return groups;
};

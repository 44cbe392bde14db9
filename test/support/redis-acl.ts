/** A user of Redis as a document describes it: `user worker on … +hget …`, in a block of code. */
export function redisUser(
  text: string,
  name: string,
): { readonly rule: readonly string[]; readonly commands: readonly string[] } {
  const line = new RegExp(`^user ${name} (.*(?:\\\\\\n.*)*)$`, 'm').exec(text.replaceAll('\\\n', ' '))?.[1] ?? '';
  // The password is the reader's own.
  const rule = line.split(/\s+/).filter((word) => word !== '' && !word.startsWith('>'));
  const commands = rule.filter((word) => word.startsWith('+')).map((word) => word.slice(1));
  return { rule, commands: commands.sort() };
}

/** A secret's name is a file name in the agent's secrets folder: never a path. */
export const SECRET_NAME_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$';
export const SECRET_NAME_FORM = 'lower-case letters, digits and -, 1 to 63 characters, no path';
const SECRET_NAME = new RegExp(SECRET_NAME_PATTERN);

export function isSecretName(text: string): boolean {
  return SECRET_NAME.test(text);
}

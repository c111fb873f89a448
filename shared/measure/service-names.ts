/** RFC 1035 names in presentation form, without escapes. */
const DNS_LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?$/i;
const DNS_NAME_CHARS_MAX = 253;
/** As long as any text of the inventory: a page that is watched has a short address. */
const URL_CHARS_MAX = 200;
/** What neither splits a request line nor reads differently than it looks. */
const URL_TEXT = /^https?:\/\/[^\p{C}\p{Z}]+$/iu;
/** RFC 3411: SnmpAdminString of 1 to 32 octets; of users and contexts the printable ASCII. */
const SNMP_NAME = /^[!-~]{1,32}$/;

/** A name to resolve; a final dot is allowed. */
export function isDnsName(name: string): boolean {
  const labels = name.replace(/\.$/, '').split('.');
  return name.length <= DNS_NAME_CHARS_MAX && labels.every((label) => DNS_LABEL.test(label));
}

/** An http or https address without user name and password. */
export function isHttpUrl(text: string): boolean {
  if (text.length > URL_CHARS_MAX || !URL_TEXT.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

/** Security name or context name of SNMPv3. */
export function isSnmpName(text: string): boolean {
  return SNMP_NAME.test(text);
}

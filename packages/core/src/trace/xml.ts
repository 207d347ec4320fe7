/** Text as XML character data or attribute value. Characters that XML forbids are left out. */
export function escapeXML(text: string): string {
  const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
  return text
    .replace(forbidden, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A coordinate with one digit after the point. */
export const px = (x: number): string => String(Math.round(10 * x) / 10);

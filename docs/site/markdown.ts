/** Markdown and source code as HTML, highlighted when the site is built. */
import { slug } from 'github-slugger';
import MarkdownIt from 'markdown-it';
import anchor from 'markdown-it-anchor';
import { createHighlighter } from 'shiki';

/** A heading of a page. */
export interface Heading {
  id: string;
  text: string;
  /** 1 for the title of the page. */
  level: number;
}

/** The names of languages by the ending of a file or the word after the fence. */
const LANGUAGES: Readonly<Record<string, string>> = {
  ts: 'typescript',
  typescript: 'typescript',
  mts: 'typescript',
  js: 'javascript',
  mjs: 'javascript',
  json: 'json',
  sh: 'shellscript',
  bash: 'shellscript',
  html: 'html',
  css: 'css',
  py: 'python',
  python: 'python',
  yml: 'yaml',
  yaml: 'yaml',
};

const highlighter = await createHighlighter({
  themes: ['github-light', 'github-dark-default'],
  langs: [...new Set(Object.values(LANGUAGES))],
});

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Code as HTML.
 * @param language - of a fence, or the ending of a file; an unknown one is not highlighted
 * @param anchors - whether line n has the anchor `Ln` */
export function highlight(code: string, language: string, anchors = false): string {
  const html = highlighter.codeToHtml(code.trimEnd(), {
    lang: LANGUAGES[language] ?? 'text',
    themes: { light: 'github-light', dark: 'github-dark-default' },
    defaultColor: 'light-dark()',
    tokenizeTimeLimit: 0, // ms per line; the default leaves lines plain on a busy machine
    transformers: [
      {
        pre: (node) => {
          delete node.properties.style; // style.css has the colours of the box
        },
        line: (node, n) => {
          if (anchors) node.properties.id = `L${n}`;
        },
      },
    ],
  });
  return html.replace(/;--shiki-light:[^"]*"/g, '"'); // the two colours again, as variables
}

/** Markdown as HTML, with the same anchors as on GitHub. */
export function renderMarkdown(text: string): { html: string; headings: Heading[] } {
  const headings: Heading[] = [];
  const markdown = new MarkdownIt({ html: true, highlight: (code, language) => highlight(code, language) });
  markdown.use(anchor, {
    slugify: (title: string) => slug(title),
    permalink: anchor.permalink.headerLink(),
    callback: ({ tag }: { tag: string }, { slug: id, title }: { slug: string; title: string }) => {
      headings.push({ id, text: title, level: Number(tag.slice(1)) });
    },
  });
  markdown.renderer.rules.table_open = () => '<div class="wide" tabindex="0"><table>\n';
  markdown.renderer.rules.table_close = () => '</table></div>\n';
  return { html: markdown.render(text), headings };
}

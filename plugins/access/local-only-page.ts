import { createHash } from 'node:crypto'
import { LOCAL_ONLY, WAYS_OUT } from '../../src/access/no-rules.js'

const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 42rem; margin: 12vh auto 0; padding: 0 1.25rem }
h1 { font-size: 1.35rem }
pre { overflow-x: auto; padding: .75rem 1rem; border: 1px solid color-mix(in srgb, currentcolor 25%, transparent); border-radius: 6px }
`

/** Only this style, and nothing else, is loaded. */
export const LOCAL_ONLY_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'`

/** What a browser shows instead of the problem: the same reason, and the same lines to paste. */
export const LOCAL_ONLY_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Carillon: localhost only</title>
<style>${STYLE}</style>
<h1>This gateway accepts requests from localhost only</h1>
<p>${LOCAL_ONLY} To open it, start it in one of these ways.</p>
${WAYS_OUT.map(({ what, command }) => `<p>${what}:</p>\n<pre>${command}</pre>`).join('\n')}
<p><code>carillon key</code> prints the lines for the gateway and for its clients. In a container, run it as <code>docker run --rm carillon key …</code>.</p>
</html>
`

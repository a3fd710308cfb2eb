/* The parts of `/docs` in addition to Swagger UI. All paths are relative: the gateway may be served under a prefix. */

export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Carillon: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="stylesheet" href="docs/page.css">
<script defer src="docs/swagger-ui-bundle.js"></script>
<script defer src="docs/start.js"></script>
</head>
<body>
<main id="reference" aria-label="API reference" aria-busy="true"></main>
<noscript>This page needs JavaScript. The document behind it does not: <a href="openapi.json">openapi.json</a>.</noscript>
</body>
</html>
`

/** The document names no server that this page could ask: it is tried on the gateway that serves it. */
export const SCRIPT = `'use strict'
const reference = document.getElementById('reference')
const dark = matchMedia('(prefers-color-scheme: dark)')
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', paint)
paint()

// What has an example is filled in with it: a ticket that is none, cursors that contradict each other, the key of a
// retry for each message. So it is only told, but where a call needs it, or a stream would not end.
const filledIn = new Set(['limit', 'timeout', 'channel'])
function showExample(parameter) {
  const { name, required, example } = parameter
  if (required || filledIn.has(name) || example === undefined) return
  parameter.description += ' For example \`' + [example].flat().join(', ') + '\`.'
  delete parameter.example
}

async function start() {
  const answer = await fetch('openapi.json')
  if (!answer.ok) throw new Error('openapi.json: ' + answer.status)
  const spec = await answer.json()
  spec.servers = [{ url: new URL('.', location.href).pathname.replace(/\\/$/, '') || '/', description: 'This gateway.' }]
  for (const { parameters = [] } of Object.values(spec.paths).flatMap(Object.values)) parameters.forEach(showExample)
  SwaggerUIBundle({
    spec,
    domNode: reference,
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: 'list',
    filter: true,
    validatorUrl: null,
    onComplete: () => reference.setAttribute('aria-busy', 'false'),
  })
}

start().catch(error => {
  reference.setAttribute('role', 'alert')
  reference.textContent = 'The document of the API could not be loaded. ' + error.message
})
`

export const STYLE = `body { margin: 0; background: #fafafa; }
html.dark-mode body { background: #1c2022; }
.swagger-ui textarea { min-height: 0; height: 8rem; }
noscript, [role='alert'] { display: block; padding: 2rem; font: 1rem/1.5 system-ui, sans-serif; }
`

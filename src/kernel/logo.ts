/** @file The kernel's logo: brackets of an array around three points and the lines that pull them together. */
export const LOGO_SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="12" fill="#12355b"/>
  <g fill="none" stroke="#f2f5f9" stroke-width="4" stroke-linecap="round" stroke-linejoin="round">
    <path d="M18 12H11V52H18"/>
    <path d="M46 12H53V52H46"/>
  </g>
  <g stroke="#7fb7ff" stroke-width="2.5">
    <path d="M22 40L32 30L43 21"/>
    <path d="M32 30L40 43" stroke-dasharray="3 3"/>
  </g>
  <circle cx="22" cy="40" r="5" fill="#ffb454"/>
  <circle cx="32" cy="30" r="5" fill="#f2f5f9"/>
  <circle cx="43" cy="21" r="5" fill="#ffb454"/>
  <circle cx="40" cy="43" r="4" fill="#e0607e"/>
</svg>
`;

/** What LUMIN uses of JSROOT (MIT licence), bundled into dist/vendor/jsroot.js so that users need not install it. */
export { openFile, R__unzip } from "jsroot/io";
export { readHeaderFooter } from "jsroot/rntuple";

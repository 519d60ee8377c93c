/** What LUMIN uses of JSROOT (MIT licence), bundled into dist/vendor/jsroot.js so that users need not install it. */
export { settings } from "jsroot/core";
export { openFile } from "jsroot/io";
export { readHeaderFooter, rntupleProcess } from "jsroot/rntuple";
export { TSelector, treeProcess } from "jsroot/tree";

/**
 * `node:http` without its price: an `import` reads every export of the module, among them the
 * getter of `WebSocket`, which loads the undici inside Node (6 MB of memory and 14 MB resident,
 * measured with Node 24.21). The agent lives on small machines, so it takes the module this way.
 */
export const http = process.getBuiltinModule('node:http');

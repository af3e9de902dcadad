/** What NetSuite gives to scripts. The types of what a factory takes stand beside it. */
declare function define(modules: string[], factory: (...modules: any[]) => unknown): void

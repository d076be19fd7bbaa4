// Svelte: runes everywhere, so that a component's state is declared where it is used.
export default { compilerOptions: { runes: true } };

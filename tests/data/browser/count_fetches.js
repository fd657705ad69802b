() => {
  let under_way = 0;
  window.mostFetches = window.allFetches = 0;
  const real = window.fetch;
  window.fetch = async (...request) => {
    window.mostFetches = Math.max(window.mostFetches, ++under_way);
    window.allFetches += 1;
    const response = await real(...request);
    const text = await response.text();
    under_way -= 1;
    return { ok: response.ok, status: response.status, text: async () => text };
  };
}

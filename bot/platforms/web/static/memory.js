// What the browser keeps. Where a person forbids it, the page works without memory.

function keeper(storage) {
  const attempt = (work) => {
    try {
      return work(storage());
    } catch (error) {
      if (error instanceof DOMException) return null;
      throw error;
    }
  };
  return {
    get: (key) => attempt((kept) => kept.getItem(key)),
    set: (key, value) => attempt((kept) => kept.setItem(key, value)),
  };
}

/** Until the tab is closed. */
export const tabMemory = keeper(() => window.sessionStorage);
/** Until the person clears it. */
export const browserMemory = keeper(() => window.localStorage);

// The links to the editions keep what was chosen on another page.
for (const link of document.querySelectorAll("a[data-edition]")) link.hash = location.hash;

// Loaded before the page is drawn: style sheets then know that charts will come.
document.documentElement.classList.add("js");

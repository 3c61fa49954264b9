using Microsoft.Playwright;

namespace Runner.Tests.Browser.Support;

/// <summary>What a page that is read in Chinese says in English.</summary>
internal static class Foreign
{
    // Two words of lower case beside each other make a phrase, whatever comes before: names of products have capitals, and ids no spaces but hyphens. What is typed, ids, code
    // and what clusters and people said themselves stands in elements that say so, or in a hint below its meaning.
    private const string Runs = """
        () => {
          const quoted = '.mono, code, pre, kbd, script, style, textarea, [lang=en], .log-text, .monaco-editor, .monaco-alert';
          const phrase = /\b[A-Za-z][a-z']*(?: [a-z][a-z']+)+\b(?!-)/g;
          const said = new Map();
          const look = (element, text) => {
            if (element.closest(quoted)) return;
            for (const run of text.match(phrase) ?? []) said.set(run, `${run} (${element.tagName.toLowerCase()}.${element.className})`);
          };
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) look(node.parentElement, node.textContent);
          for (const element of document.querySelectorAll('[title], [aria-label], [placeholder], [alt]'))
            for (const name of ['title', 'aria-label', 'placeholder', 'alt'])
              if (element.hasAttribute(name)) look(element, element.getAttribute(name).split('\n')[0]);
          return [...said].map(([run, where]) => ({ run, where }));
        }
        """;

    // Commands and words of the field that Chinese sentences keep, and what the person of another journey in the same console wrote to a version.
    private static readonly HashSet<string> Kept = ["helm upgrade", "client credentials", "Gi memory", "tier in", "by keyboard"];

    /// <summary>Phrases in English, each with where it stands.</summary>
    public static async Task<IReadOnlyList<string>> PhrasesAsync(IPage page) =>
        [.. (await page.EvaluateAsync<Phrase[]>(Runs)).Where(phrase => !Kept.Contains(phrase.Run)).Select(phrase => phrase.Where)];

    private sealed class Phrase
    {
        public string Run { get; set; } = "";

        public string Where { get; set; } = "";
    }
}

using System.Globalization;
using Microsoft.Extensions.Localization;

namespace Runner.Web.Components.Models;

/// <summary>Sentences with a number of things in them.</summary>
internal static class CountedTexts
{
    /// <summary>The sentence for so many. Of one thing it is the one under the key with <c>.One</c> after it, where there is such a sentence.</summary>
    public static string Counted(this IStringLocalizer texts, string key, long count) =>
        texts[count == 1 && !texts[key + ".One"].ResourceNotFound ? key + ".One" : key, count.ToString("N0", CultureInfo.CurrentCulture)];
}

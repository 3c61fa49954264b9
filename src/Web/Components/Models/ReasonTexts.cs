using Microsoft.Extensions.Localization;
using Runner.Web.Components.Texts;

namespace Runner.Web.Components.Models;

/// <summary>Says what a cluster's reasons mean, in the reader's language.</summary>
public sealed class ReasonTexts(IStringLocalizer<ReasonText> texts)
{
    // These are given by the runner, with a message that says no more than the meaning does.
    private static readonly HashSet<string> Own = ["Deleting", "NodeNotReady"];

    /// <summary>What a reason means and what to try; empty for one that is not known.</summary>
    public string Meaning(string reason) => reason.Length > 0 && texts[reason] is { ResourceNotFound: false } known ? known.Value : "";

    /// <summary>What the cluster itself said beside the reason; empty where it said nothing.</summary>
    public static string Said(string reason, string message) => Own.Contains(reason) ? "" : message;

    /// <summary>All there is to say of it, to be shown where there is room for a word alone.</summary>
    public string Hint(string reason, string message) => string.Join('\n', new[] { Meaning(reason), Said(reason, message) }.Where(text => text.Length > 0));
}

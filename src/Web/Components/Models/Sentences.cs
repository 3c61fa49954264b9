namespace Runner.Web.Components.Models;

/// <summary>Sentences one after the other.</summary>
internal static class Sentences
{
    private const string Wide = "。！？；：";

    /// <summary>What stands between a sentence and the next one: a space, or nothing where a full-width mark has the space already.</summary>
    public static string Gap(string before) => before.Length > 0 && Wide.Contains(before[^1]) ? "" : " ";
}

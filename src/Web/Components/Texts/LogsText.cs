namespace Runner.Web.Components.Texts;

/// <summary>Names the resource with the words of the log pages: <c>LogsText.resx</c> (English) and <c>LogsText.zh-Hans.resx</c>.</summary>
public sealed class LogsText;

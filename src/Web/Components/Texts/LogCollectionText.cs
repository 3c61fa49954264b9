namespace Runner.Web.Components.Texts;

/// <summary>Names the resource with the words of log collection and of the history of logs: <c>LogCollectionText.resx</c> (English) and <c>LogCollectionText.zh-Hans.resx</c>.</summary>
public sealed class LogCollectionText;

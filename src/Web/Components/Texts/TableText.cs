namespace Runner.Web.Components.Texts;

/// <summary>Names the resource with the words that all tables share: <c>TableText.resx</c> (English) and <c>TableText.zh-Hans.resx</c>.</summary>
public sealed class TableText;

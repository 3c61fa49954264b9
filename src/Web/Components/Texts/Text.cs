namespace Runner.Web.Components.Texts;

/// <summary>Names the resource that holds every word of the console: <c>Text.resx</c> (English) and <c>Text.zh-Hans.resx</c>.</summary>
public sealed class Text;

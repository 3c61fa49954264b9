namespace Runner.Web.Components.Texts;

/// <summary>Names the resource with the words of the access and profile pages: <c>AccessText.resx</c> (English) and <c>AccessText.zh-Hans.resx</c>.</summary>
public sealed class AccessText;

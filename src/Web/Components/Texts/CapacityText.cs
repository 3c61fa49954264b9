namespace Runner.Web.Components.Texts;

/// <summary>Names the resource with the words of the capacity pages: <c>CapacityText.resx</c> (English) and <c>CapacityText.zh-Hans.resx</c>.</summary>
public sealed class CapacityText;

namespace Runner.Web.Components.Texts;

/// <summary>Names the resource with the words of the Configuration page: <c>ConfigurationText.resx</c> (English) and <c>ConfigurationText.zh-Hans.resx</c>.</summary>
public sealed class ConfigurationText;

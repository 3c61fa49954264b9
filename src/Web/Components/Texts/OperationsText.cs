namespace Runner.Web.Components.Texts;

/// <summary>Names the resource with the words of registry, object store, hub, dependencies and diagnostics: <c>OperationsText.resx</c> (English) and <c>OperationsText.zh-Hans.resx</c>.</summary>
public sealed class OperationsText;

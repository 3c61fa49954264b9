namespace Runner.Web.Components.Texts;

/// <summary>Names the resource with the words about several replicas: <c>ReplicasText.resx</c> (English) and <c>ReplicasText.zh-Hans.resx</c>.</summary>
public sealed class ReplicasText;

namespace Runner.Web.Components.Texts;

/// <summary>Names the resource with the words of workloads and what is done to them: <c>WorkloadText.resx</c> (English) and <c>WorkloadText.zh-Hans.resx</c>.</summary>
public sealed class WorkloadText;

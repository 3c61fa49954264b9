namespace Runner.Web.Components.Texts;

/// <summary>Names the resource with the words of the page of the runner's own health: <c>RunnerHealthText.resx</c> (English) and <c>RunnerHealthText.zh-Hans.resx</c>.</summary>
public sealed class RunnerHealthText;

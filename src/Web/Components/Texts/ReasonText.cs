namespace Runner.Web.Components.Texts;

/// <summary>
/// Names the resource with what reasons of Kubernetes, Knative and Argo mean and what to try: <c>ReasonText.resx</c> (English) and <c>ReasonText.zh-Hans.resx</c>. A key is the reason as the cluster writes it.
/// </summary>
public sealed class ReasonText;

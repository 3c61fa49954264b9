namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>A template that cannot be carried out as written; the message becomes that of its node.</summary>
internal sealed class TemplateFault(string message) : Exception(message);

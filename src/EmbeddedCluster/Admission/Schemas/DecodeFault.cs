namespace Runner.EmbeddedCluster.Admission.Schemas;

/// <summary>A value that does not fit its type; ends the decoding of the object.</summary>
internal sealed class DecodeFault(string message) : Exception(message);

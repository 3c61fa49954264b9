using System.Text.Encodings.Web;
using System.Text.Json;

namespace Runner.EmbeddedCluster.Storage;

/// <summary>How objects are written: as the API server does, without escapes that JSON does not ask for.</summary>
internal static class ApiJson
{
    public static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly JsonWriterOptions Writer = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
}

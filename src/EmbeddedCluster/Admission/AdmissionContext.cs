using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission;

/// <summary>What to do about fields a type does not know.</summary>
internal enum FieldValidation
{
    /// <summary>Drop them and say so in a warning; the API server's default.</summary>
    Warn,

    /// <summary>Drop them silently.</summary>
    Ignore,

    /// <summary>Refuse the request.</summary>
    Strict,
}

/// <summary>What admission knows beyond the object itself.</summary>
internal sealed record AdmissionContext
{
    /// <summary>Who asks, such as <c>admin</c> or <c>system:serviceaccount:ns:name</c>.</summary>
    public required string UserName { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>The stored object of a key, or null. Admission looks up service accounts and priority classes.</summary>
    public required Func<ObjectKey, JsonObject?> Find { get; init; }

    public required ServiceAddresses Addresses { get; init; }

    public FieldValidation FieldValidation { get; init; }
}

/// <summary>What became of a request.</summary>
/// <param name="Object">The object to store; null when it was refused.</param>
/// <param name="Refusal">Why it was refused; null when it was not.</param>
/// <param name="Warnings">Texts for <c>Warning</c> headers (without <c>299 -</c>), also of refused requests, in order.</param>
internal sealed record AdmissionResult(JsonObject? Object, ApiException? Refusal, IReadOnlyList<string> Warnings);

using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>What an answer shows of an object.</summary>
internal enum ResponseView
{
    Full,
    Table,
    PartialMetadata,
}

/// <summary>Form of an answer as negotiated by the <c>Accept</c> header.</summary>
/// <param name="View">What it shows.</param>
/// <param name="Yaml">YAML in place of JSON.</param>
internal sealed record ResponseFormat(ResponseView View, bool Yaml)
{
    public static readonly ResponseFormat Json = new(ResponseView.Full, false);

    /// <summary>Version of <c>meta.k8s.io</c> that was asked for.</summary>
    public string MetaVersion { get; private init; } = "v1";

    /// <summary>The first form among those accepted that is offered.</summary>
    /// <exception cref="ApiException">406 <c>NotAcceptable</c>.</exception>
    public static ResponseFormat Negotiate(string? accept)
    {
        if (string.IsNullOrWhiteSpace(accept))
        {
            return Json;
        }

        foreach (var part in accept.Split(','))
        {
            var pieces = part.Split(';', StringSplitOptions.TrimEntries);
            if (pieces[0] is not ("application/json" or "application/yaml" or "*/*" or "application/*"))
            {
                continue;
            }

            string? Parameter(string name) => pieces.Skip(1).FirstOrDefault(p => p.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
            ResponseView? view = (Parameter("as"), Parameter("g")) switch
            {
                (null, _) => ResponseView.Full,
                ("Table", "meta.k8s.io") => ResponseView.Table,
                ("PartialObjectMetadata" or "PartialObjectMetadataList", "meta.k8s.io") => ResponseView.PartialMetadata,
                _ => null,
            };
            if (view is { } found)
            {
                return new ResponseFormat(found, pieces[0] == "application/yaml") { MetaVersion = Parameter("v") ?? "v1" };
            }
        }

        throw new ApiException(406, "NotAcceptable",
            "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf") { Details = StatusDetails.Empty };
    }
}

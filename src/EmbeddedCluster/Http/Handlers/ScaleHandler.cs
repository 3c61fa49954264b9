using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Http.Patches;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Handlers;

/// <summary>The <c>scale</c> subresource: the number of replicas of anything that has one.</summary>
internal sealed class ScaleHandler(ObjectStore store, WriteHandler writes)
{
    private static readonly ResourceType ScaleType = new("autoscaling", "v1", "scales", "scale", "Scale", true);

    public async Task HandleAsync(ApiRequest request)
    {
        var stored = store.Get(request.Key) ?? throw ApiErrors.NotFound(request.Type.Group, request.Type.Plural, request.Info.Name ?? "");
        if (request.Info.Verb == "get")
        {
            await Answers.WriteAsync(request.Http, 200, Scale(stored), request.Format.Yaml);
            return;
        }

        Func<JsonObject, JsonObject> change;
        if (request.Info.Verb == "update")
        {
            var body = await BodyReader.ReadObjectAsync(request.Http, "Scale");
            change = _ => body;
        }
        else
        {
            var patch = PatchBody.Read(ScaleType, BodyReader.MediaType(request.Http), await BodyReader.ReadBytesAsync(request.Http));
            change = scale => patch.Kind == PatchKind.Apply ? (JsonObject)MergePatch.Apply(scale, patch.Body)! : patch.Apply(ScaleType, scale);
        }

        var changed = writes.Change(request, before => WithReplicas(before, change(Scale(before))));
        await Answers.WriteAsync(request.Http, 200, Scale(changed), request.Format.Yaml);
    }

    private static JsonObject WithReplicas(StoredObject before, JsonObject scale)
    {
        var replicas = scale["spec"]?["replicas"] is { } wanted && wanted.GetValueKind() == System.Text.Json.JsonValueKind.Number ? (int)(long.Parse(wanted.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture)) : 0;
        if (replicas < 0)
        {
            throw ApiErrors.Invalid("autoscaling", "Scale", before.Key.Name,
                new StatusCause("FieldValueInvalid", $"Invalid value: {replicas}: must be greater than or equal to 0", "spec.replicas"));
        }

        var json = before.Edit();
        if ((string?)scale["metadata"]?["resourceVersion"] is { Length: > 0 } version)
        {
            json["metadata"]!["resourceVersion"] = version;
        }

        (json["spec"] as JsonObject ?? (JsonObject)(json["spec"] = new JsonObject()))["replicas"] = replicas;
        return json;
    }

    private static JsonObject Scale(StoredObject stored)
    {
        var metadata = stored.Json["metadata"]!;
        var scale = new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = new JsonObject
            {
                ["name"] = stored.Key.Name,
                ["namespace"] = stored.Key.Namespace,
                ["uid"] = stored.Uid,
                ["resourceVersion"] = metadata["resourceVersion"]?.DeepClone(),
                ["creationTimestamp"] = metadata["creationTimestamp"]?.DeepClone(),
            },
            ["spec"] = new JsonObject { ["replicas"] = stored.Json["spec"]?["replicas"]?.DeepClone() ?? 0 },
            ["status"] = new JsonObject { ["replicas"] = stored.Json["status"]?["replicas"]?.DeepClone() ?? 0 },
        };
        if (Selector(stored.Json) is { Length: > 0 } selector)
        {
            scale["status"]!["selector"] = selector;
        }

        return scale;
    }

    private static string? Selector(JsonObject json) => json["spec"]?["selector"]?["matchLabels"] is JsonObject labels
        ? string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={(string?)l.Value}"))
        : (string?)json["status"]?["hpaPodSelector"] ?? (string?)json["status"]?["selector"];
}

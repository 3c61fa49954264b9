using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Handlers;

/// <summary>What can be done with a pod beyond reading and writing it: bind it to a node, evict it.</summary>
internal sealed class PodHandler(ObjectStore store, DeleteHandler deletes, TimeProvider time)
{
    public async Task BindAsync(ApiRequest request)
    {
        var binding = await BodyReader.ReadObjectAsync(request.Http, "Binding");
        var node = (string?)binding["target"]?["name"];
        if (string.IsNullOrEmpty(node))
        {
            throw ApiErrors.Invalid("", "Binding", request.Info.Name ?? "", new StatusCause("FieldValueRequired", "Required value", "target.name"));
        }

        var pod = Pod(request);
        if ((string?)pod.Json["spec"]?["nodeName"] is { Length: > 0 } taken)
        {
            throw ApiErrors.Conflict("", "pods/binding", pod.Key.Name, $"pod {pod.Key.Name} is already assigned to node \"{taken}\"");
        }

        if (pod.IsDeleting)
        {
            throw ApiErrors.Conflict("", "pods/binding", pod.Key.Name, $"pod {pod.Key.Name} is being deleted, cannot be assigned to a host");
        }

        store.Update(pod.Key, Bound(pod, node), "binding");
        await Answers.WriteAsync(request.Http, 201, StatusObject.Created(), request.Format.Yaml);
    }

    public async Task EvictAsync(ApiRequest request)
    {
        var eviction = await BodyReader.ReadObjectAsync(request.Http, "Eviction");
        var pod = Pod(request);
        if (!request.DryRun)
        {
            deletes.Evict(pod.Key, eviction["deleteOptions"] as JsonObject);
        }

        await Answers.WriteAsync(request.Http, 201, StatusObject.Created(), request.Format.Yaml);
    }

    private StoredObject Pod(ApiRequest request) => store.Get(request.Key) ?? throw ApiErrors.NotFound("", "pods", request.Info.Name ?? "");

    private JsonObject Bound(StoredObject pod, string node)
    {
        var json = pod.Edit();
        var status = json["status"] as JsonObject ?? (JsonObject)(json["status"] = new JsonObject());
        var others = (status["conditions"] as JsonArray ?? []).Where(c => (string?)c?["type"] != "PodScheduled").Select(c => c?.DeepClone());
        var scheduled = new JsonObject
        {
            ["type"] = "PodScheduled",
            ["observedGeneration"] = ObjectLife.Generation(json),
            ["status"] = "True",
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = ObjectLife.Timestamp(time.GetUtcNow()),
        };
        status["conditions"] = new JsonArray([.. others, scheduled]);
        json["spec"]!["nodeName"] = node;
        return json;
    }
}

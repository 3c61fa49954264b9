using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Http.Patches;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Handlers;

/// <summary>Creates, replaces and patches objects and their status.</summary>
internal sealed class WriteHandler(ObjectStore store, Admitter admitter, TimeProvider time)
{
    /// <summary>Tries of a change that others overtake before the client is told of a conflict.</summary>
    private const int Tries = 8;

    public async Task CreateAsync(ApiRequest request)
    {
        var type = request.Type;
        var json = await BodyReader.ReadObjectAsync(request.Http, type.Kind);
        await Answers.WriteObjectAsync(request, 201, Create(request, json));
    }

    public async Task UpdateAsync(ApiRequest request)
    {
        var json = await BodyReader.ReadObjectAsync(request.Http, request.Type.Kind);
        var name = (string?)(json["metadata"] as JsonObject)?["name"];
        if (string.IsNullOrEmpty(name))
        {
            throw ApiErrors.BadRequest($"the name of the object ({request.Info.Name} based on URL) was undeterminable: name must be provided");
        }

        CheckNames(request, json);
        await Answers.WriteObjectAsync(request, 200, Change(request, _ => (JsonObject)json.DeepClone()));
    }

    public async Task PatchAsync(ApiRequest request)
    {
        var patch = PatchBody.Read(request.Type, BodyReader.MediaType(request.Http), await BodyReader.ReadBytesAsync(request.Http));
        if (patch.Kind == PatchKind.Apply)
        {
            await ApplyAsync(request, (JsonObject)patch.Body!);
            return;
        }

        await Answers.WriteObjectAsync(request, 200, Change(request, before =>
        {
            var patched = patch.Apply(request.Type, (JsonObject)Views.Serve(request.Type, before).DeepClone());
            CheckNames(request, patched);
            return patched;
        }));
    }

    /// <summary>Stores a changed object; when others change it meanwhile, the change is made again on what they left.</summary>
    /// <param name="change">Makes the wanted object from the stored one.</param>
    /// <param name="isApply">Whether the change keeps account of the owners of fields itself.</param>
    public StoredObject Change(ApiRequest request, Func<StoredObject, JsonObject> change, bool isApply = false)
    {
        var subresource = request.Info.Subresource == "status" ? "status" : null;
        for (var tried = 1; ; tried++)
        {
            var before = store.Get(request.Key) ?? throw NotFound(request);
            var json = change(before);
            CheckIdentity(request, before, json);
            if ((string?)json["metadata"]?["resourceVersion"] is { Length: > 0 } version && version != (string?)before.Json["metadata"]?["resourceVersion"])
            {
                throw Conflict(request);
            }

            var asked = Views.Store(request.Type, json);
            json = admitter.Update(request, before.Json, ObjectLife.CarryOver(request.Type, before.Json, asked, subresource), subresource);
            CheckFinalizers(request.Type, before, json);
            if (!isApply)
            {
                FieldOwners.Release(before.Json, json);
            }

            json["metadata"]!["resourceVersion"] = before.Json["metadata"]!["resourceVersion"]!.DeepClone();
            try
            {
                return store.Update(before.Key, json, subresource, request.DryRun);
            }
            catch (ApiException lost) when (lost.Code == 409 && tried < Tries)
            {
                // Someone was quicker; the change is made again on the newer object, unless the client named the version it wants to change.
            }
        }
    }

    private async Task ApplyAsync(ApiRequest request, JsonObject configuration)
    {
        var manager = request.Query("fieldManager") ?? throw ApiErrors.Invalid("meta.k8s.io", "PatchOptions", "",
            new StatusCause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager"));
        ServerSideApply.Check(request.Type, configuration);
        CheckNames(request, configuration);
        var apply = new ServerSideApply(request.Type, manager, request.Flag("force"), request.Info.Subresource, time);
        if (store.Get(request.Key) is null)
        {
            if (request.Info.Subresource is not null)
            {
                throw NotFound(request);
            }

            var begun = (JsonObject)configuration.DeepClone();
            ObjectLife.Metadata(begun)["name"] = request.Info.Name;
            await Answers.WriteObjectAsync(request, 201, Create(request, apply.Begin(begun)));
            return;
        }

        await Answers.WriteObjectAsync(request, 200, Change(request, before => apply.Merge(before.Json, configuration), isApply: true));
    }

    private StoredObject Create(ApiRequest request, JsonObject body)
    {
        var type = request.Type;
        var metadata = ObjectLife.Metadata(body);
        CheckNamespace(request, metadata);
        RequireNamespace(request, (string?)metadata["name"]);
        var name = (string?)metadata["name"];
        if (string.IsNullOrEmpty(name) && (string?)metadata["generateName"] is { Length: > 0 } prefix)
        {
            metadata["name"] = name = GeneratedNames.Next(prefix);
        }

        if (type.Namespaced)
        {
            metadata["namespace"] = request.Info.Namespace;
        }

        var json = admitter.Create(request, Views.Store(type, body));
        if (!string.IsNullOrEmpty((string?)json["metadata"]?["resourceVersion"]))
        {
            throw new ApiException(500, "", "resourceVersion should not be set on objects to be created");
        }

        var key = type.Key(request.Info.Namespace, (string?)json["metadata"]?["name"] ?? name ?? "");
        ObjectLife.Begin(type, key, json, time.GetUtcNow());
        return store.Add(store.Catalog.Find(key.Group, key.Plural), key, json, request.DryRun);
    }

    /// <summary>New objects need a namespace that is there to stay.</summary>
    private void RequireNamespace(ApiRequest request, string? name)
    {
        if (!request.Type.Namespaced || request.Info.Namespace is not { } space)
        {
            return;
        }

        var stored = store.Get(new ObjectKey("", "namespaces", "", space)) ?? throw ApiErrors.NotFound("", "namespaces", space);
        if (stored.IsDeleting)
        {
            var refusal = ApiErrors.Forbidden(request.Type.Group, request.Type.Plural, name ?? "",
                $"unable to create new content in namespace {space} because it is being terminated");
            throw new ApiException(refusal.Code, refusal.Reason, refusal.Message)
            {
                Details = refusal.Details! with { Causes = [new StatusCause("NamespaceTerminating", $"namespace {space} is being terminated", "metadata.namespace")] },
            };
        }
    }

    private static void CheckNames(ApiRequest request, JsonObject json)
    {
        var metadata = json["metadata"] as JsonObject;
        if ((string?)metadata?["name"] is { Length: > 0 } name && name != request.Info.Name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({name}) does not match the name on the URL ({request.Info.Name})");
        }

        CheckNamespace(request, metadata);
    }

    private static void CheckNamespace(ApiRequest request, JsonObject? metadata)
    {
        if (request.Type.Namespaced && (string?)metadata?["namespace"] is { Length: > 0 } space && space != request.Info.Namespace)
        {
            throw ApiErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }
    }

    private static void CheckIdentity(ApiRequest request, StoredObject before, JsonObject json)
    {
        if ((string?)json["metadata"]?["uid"] is { Length: > 0 } uid && uid != before.Uid)
        {
            var place = request.Type.Group.Length == 0 ? request.Type.Plural : $"{request.Type.Group}/{request.Type.Plural}";
            throw ApiErrors.Conflict(request.Type.Group, request.Type.Plural, before.Key.Name,
                $"StorageError: invalid object, Code: 4, Key: /registry/{place}/{before.Path}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {before.Uid}");
        }
    }

    /// <summary>What is being deleted can lose finalizers but gets no new ones.</summary>
    private static void CheckFinalizers(ResourceType type, StoredObject before, JsonObject json)
    {
        var added = before.IsDeleting ? ObjectLife.Finalizers(json).Except(ObjectLife.Finalizers(before.Json)).ToList() : [];
        if (added.Count > 0)
        {
            var names = string.Join(", ", added.Select(f => $"\"{f}\""));
            var cause = new StatusCause("FieldValueForbidden",
                $"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{names}}}", "metadata.finalizers");
            // Two of the API server's validators find it, and it tells both.
            throw ApiErrors.Invalid(type.Group, type.Kind, before.Key.Name, cause, cause);
        }
    }

    private static ApiException NotFound(ApiRequest request) => ApiErrors.NotFound(request.Type.Group, request.Type.Plural, request.Info.Name ?? "");

    private static ApiException Conflict(ApiRequest request) => ApiErrors.Conflict(request.Type.Group, request.Type.Plural, request.Info.Name ?? "");
}

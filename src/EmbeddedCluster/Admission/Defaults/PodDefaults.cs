using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Admission.Defaults;

/// <summary>Defaults of pods and pod templates.</summary>
internal static class PodDefaults
{
    /// <summary>A pod: what templates get, and what only pods get.</summary>
    public static void ApplyToPod(JsonObject pod)
    {
        var spec = pod.Ensure("spec");
        foreach (var container in Containers(spec))
        {
            RequestWhatIsLimited(container);
        }

        ApplyToSpec(spec);
        spec.Fill("enableServiceLinks", true);
        if (pod.Text("status", "podIP") is { Length: > 0 } address && pod.At("status", "podIPs") is null)
        {
            pod.Ensure("status")["podIPs"] = new JsonArray(new JsonObject { ["ip"] = address });
        }
    }

    /// <summary>An object with a <c>template</c>.</summary>
    public static void ApplyToTemplate(JsonObject owner)
    {
        var template = owner.Ensure("template");
        template.Ensure("metadata");
        ApplyToSpec(template.Ensure("spec"));
    }

    private static void ApplyToSpec(JsonObject spec)
    {
        foreach (var volume in spec.Objects("volumes"))
        {
            Volume(volume);
        }

        foreach (var container in Containers(spec))
        {
            Container(container, spec.Flag("hostNetwork"));
        }

        spec.Fill("restartPolicy", "Always");
        spec.Fill("terminationGracePeriodSeconds", 30);
        spec.Fill("dnsPolicy", "ClusterFirst");
        spec.Fill("securityContext", new JsonObject());
        spec.Fill("schedulerName", "default-scheduler");
        if (spec.Text("serviceAccountName") is { Length: > 0 } account)
        {
            spec["serviceAccount"] = account;
        }
        else if (spec.Text("serviceAccount") is { Length: > 0 } old)
        {
            spec["serviceAccountName"] = old;
        }
    }

    private static IEnumerable<JsonObject> Containers(JsonObject spec) => spec.Objects("initContainers").Concat(spec.Objects("containers"));

    private static void Container(JsonObject container, bool hostNetwork)
    {
        foreach (var port in container.Objects("ports"))
        {
            port.Fill("protocol", "TCP");
            if (hostNetwork && port.Number("hostPort") is null or 0 && port["containerPort"] is { } inside)
            {
                port["hostPort"] = inside.DeepClone();
            }
        }

        foreach (var reference in container.Objects("env").Select(env => env.Object("valueFrom", "fieldRef")).OfType<JsonObject>())
        {
            reference.Fill("apiVersion", "v1");
        }

        container.Ensure("resources");
        foreach (var probe in ((string[])["livenessProbe", "readinessProbe", "startupProbe"]).Select(name => container.Object(name)).OfType<JsonObject>())
        {
            Probe(probe);
        }

        foreach (var hook in ((string[])["postStart", "preStop"]).Select(name => container.Object("lifecycle", name)).OfType<JsonObject>())
        {
            Handler(hook);
        }

        container.Fill("terminationMessagePath", "/dev/termination-log");
        container.Fill("terminationMessagePolicy", "File");
        container.Fill("imagePullPolicy", IsLatest(container.Text("image")) ? "Always" : "IfNotPresent");
    }

    private static bool IsLatest(string image)
    {
        if (image.Length == 0 || image.Contains('@', StringComparison.Ordinal))
        {
            return false;
        }

        var name = image[(image.LastIndexOf('/') + 1)..];
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || name[(colon + 1)..] == "latest";
    }

    private static void RequestWhatIsLimited(JsonObject container)
    {
        if (container.Object("resources", "limits") is not { } limits)
        {
            return;
        }

        foreach (var (resource, amount) in limits)
        {
            container.Ensure("resources").Ensure("requests").Fill(resource, amount!.DeepClone());
        }
    }

    private static void Probe(JsonObject probe)
    {
        Handler(probe);
        foreach (var (name, value) in ((string, int)[])[("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)])
        {
            if (probe.Number(name) is null or 0)
            {
                probe[name] = value;
            }
        }
    }

    private static void Handler(JsonObject handler)
    {
        if (handler.Object("httpGet") is { } get)
        {
            get.Fill("path", "/");
            get.Fill("scheme", "HTTP");
        }

        if (handler.Object("grpc") is { } grpc && grpc["service"] is null)
        {
            grpc["service"] = "";
        }
    }

    private static void Volume(JsonObject volume)
    {
        if (!volume.Any(entry => entry.Key != "name" && entry.Value is not null))
        {
            volume["emptyDir"] = new JsonObject();
        }

        foreach (var source in ((string[])["secret", "configMap", "downwardAPI", "projected"]).Select(name => volume.Object(name)).OfType<JsonObject>())
        {
            source.Fill("defaultMode", 420);
        }

        if (volume.Object("hostPath") is { } path && path["type"] is null)
        {
            path["type"] = "";
        }

        foreach (var source in volume.Objects("projected", "sources"))
        {
            source.Object("serviceAccountToken")?.Fill("expirationSeconds", 3600);
            FieldReferences(source.Object("downwardAPI"));
        }

        FieldReferences(volume.Object("downwardAPI"));
    }

    private static void FieldReferences(JsonObject? downward)
    {
        foreach (var item in downward.Objects("items"))
        {
            item.Object("fieldRef")?.Fill("apiVersion", "v1");
        }
    }
}

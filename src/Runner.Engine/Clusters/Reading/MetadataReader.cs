using System.Text.Json;
using k8s.Models;

namespace Runner.Engine.Clusters.Reading;

/// <summary>Reads <c>metadata</c>, but for <c>managedFields</c> and what <c>kubectl apply</c> remembers, which are often most of an object and which nobody reads.</summary>
internal static class MetadataReader
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    public static V1ObjectMeta? Read(ref Utf8JsonReader reader, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var metadata = new V1ObjectMeta();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("name"u8))
            {
                metadata.Name = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("namespace"u8))
            {
                metadata.NamespaceProperty = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("uid"u8))
            {
                metadata.Uid = JsonFields.Text(ref reader);
            }
            else if (reader.ValueTextEquals("resourceVersion"u8))
            {
                metadata.ResourceVersion = JsonFields.Text(ref reader);
            }
            else if (reader.ValueTextEquals("generation"u8))
            {
                metadata.Generation = JsonFields.Number(ref reader);
            }
            else if (reader.ValueTextEquals("creationTimestamp"u8))
            {
                metadata.CreationTimestamp = JsonFields.Time(ref reader);
            }
            else if (reader.ValueTextEquals("deletionTimestamp"u8))
            {
                metadata.DeletionTimestamp = JsonFields.Time(ref reader);
            }
            else if (reader.ValueTextEquals("deletionGracePeriodSeconds"u8))
            {
                metadata.DeletionGracePeriodSeconds = JsonFields.Number(ref reader);
            }
            else if (reader.ValueTextEquals("labels"u8))
            {
                metadata.Labels = shared.Texts(ref reader);
            }
            else if (reader.ValueTextEquals("annotations"u8))
            {
                metadata.Annotations = shared.Texts(ref reader);
                metadata.Annotations?.Remove(LastApplied);
            }
            else if (reader.ValueTextEquals("ownerReferences"u8))
            {
                metadata.OwnerReferences = JsonFields.List(ref reader, shared, Owner);
            }
            else
            {
                reader.Skip();
            }
        }

        return metadata;
    }

    private static V1OwnerReference Owner(ref Utf8JsonReader reader, SharedValues shared)
    {
        var owner = new V1OwnerReference();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("apiVersion"u8))
            {
                owner.ApiVersion = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("kind"u8))
            {
                owner.Kind = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                owner.Name = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("uid"u8))
            {
                owner.Uid = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("controller"u8))
            {
                owner.Controller = JsonFields.Flag(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return owner;
    }
}

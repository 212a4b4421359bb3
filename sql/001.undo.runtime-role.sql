-- The role stays: other databases of the cluster may use it.
revoke usage on schema public from latchkey_runtime;

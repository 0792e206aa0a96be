/** A process that claims a name in etcd and keeps it until it is killed. Arguments: endpoint, name. */
import { claimsNames, openDatastore } from '@weft/datastore';

const [endpoint = '', name = ''] = process.argv.slice(2);
const store = await openDatastore({ type: 'etcd', endpoints: [endpoint] });
if (claimsNames(store)) console.log((await store.claimName(name)).kind);
